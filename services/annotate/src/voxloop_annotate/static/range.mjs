// Sliders.

/** Tell the style sheet which part of the track lies left of the thumb. */
export function fillTrack(slider) {
  const share = (slider.value - slider.min) / (slider.max - slider.min || 1);
  slider.style.setProperty("--vx-share", `${Math.round(share * 1000) / 10}%`);
}
