// The regions of planes as the server cuts them, fetched when the pointer needs them and kept for a while.

import { getSlice, volumePath } from "./api.mjs";
import { RegionMap, regionPart } from "./regionmap.mjs";

const KEPT = 8;

export class Regions {
  /** `changed()` is called when regions that were asked for have come, `failed(error)` when they have not. */
  constructor(changed, failed, fetchPlane = getSlice) {
    Object.assign(this, { changed, failed, fetchPlane, maps: new Map(), flights: new Map() });
  }

  /** Give the RegionMap that holds `place` of the plane, or null while it is on its way; `size` is a region's width in voxels. */
  find({ volume, axis, index, size }, view, place) {
    const prefix = `${volume} ${axis} ${index} ${size} `;
    for (const [key, map] of this.maps) if (key.startsWith(prefix) && map.at(place) !== null) return map;
    this.#load(prefix, { volume, axis, index, size, rect: regionPart(view.visibleRect(), place, view.extent) });
    return null;
  }

  close() {
    for (const controller of this.flights.values()) controller.abort();
  }

  // Only the newest request matters: whoever moves on to another slice no longer waits for this one.
  async #load(prefix, { volume, axis, index, size, rect }) {
    const key = `${prefix}${rect.r0} ${rect.r1} ${rect.c0} ${rect.c1}`;
    if (this.flights.has(key)) return;
    this.close();
    const controller = new AbortController();
    this.flights.set(key, controller);
    const query = `axis=${axis}&index=${index}&y0=${rect.r0}&y1=${rect.r1}&x0=${rect.c0}&x1=${rect.c1}&size=${size}`;
    try {
      const { data } = await this.fetchPlane(volumePath(volume, `/regions?${query}`), controller.signal);
      this.maps.set(key, new RegionMap(data, rect));
      if (this.maps.size > KEPT) this.maps.delete(this.maps.keys().next().value);
      this.changed();
    } catch (error) {
      if (error.name !== "AbortError") this.failed(error);
    } finally {
      this.flights.delete(key);
    }
  }
}
