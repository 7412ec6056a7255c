// Registers the Dash components. Each is one empty <div> that a module of the same name fills (see mount in *.mjs);
// Dash needs the components when its renderer starts, so this part is a classic script and the modules come later.
(function () {
  "use strict";
  const source = document.currentScript.src;
  const load = (name) => import(new URL(name + ".mjs", source).href);

  document.documentElement.dataset.bsTheme = localStorage.getItem("voxloop-theme") || "dark";
  document.documentElement.toggleAttribute("data-vx-wide", localStorage.getItem("voxloop-panel") === "hidden");
  load("theme").then((theme) => theme.listen());
  load("panel").then((panel) => panel.listen());
  load("dismiss").then((dismiss) => dismiss.listen());
  load("pagelinks").then((links) => links.listen());
  load("role").then((role) => role.listen());
  load("titlebadge").then((badge) => badge.listen());

  // where a page lies below the place that the pages begin at, which <base> knows
  const below = (pathname) => pathname.slice(new URL(document.baseURI).pathname.length);
  window.dash_clientside = Object.assign({}, window.dash_clientside, { voxloop: { below } });

  function component(name, className) {
    function Component(props) {
      const node = React.useRef(null);
      const handle = React.useRef(null);
      const latest = React.useRef(props);
      latest.current = props;
      React.useEffect(function () {
        let isGone = false;
        const setProps = (patch) => latest.current.setProps && latest.current.setProps(patch);
        load(name)
          .then((module) => isGone || (handle.current = module.mount(node.current, latest.current, setProps)))
          .catch((error) => isGone || fail(node.current, error));
        return function () {
          isGone = true;
          if (handle.current) handle.current.unmount();
          handle.current = null;
        };
      }, []);
      React.useEffect(function () {
        if (handle.current) handle.current.update(props);
      });
      return React.createElement("div", { id: props.id, className: className, ref: node });
    }
    return Component;
  }

  function fail(node, error) {
    console.error(error);
    node.textContent = "This part of the page did not load. Reload the page.";
  }

  window.voxloop_annotate = {
    ToolStrip: component("toolstrip", "vx-tools"),
    Canvas: component("canvas", "vx-canvas"),
    ClassList: component("classlist", "vx-classes"),
    FlagList: component("flaglist", "vx-flags"),
    HistoryPanel: component("historypanel", "vx-history"),
    LayerPanel: component("layerpanel", "vx-layers"),
    ReviewPanel: component("reviewpanel", "vx-review"),
    StatusLine: component("statusline", "vx-status"),
    ResultPanel: component("resultpanel", "vx-results"),
    ModelHint: component("modelhint", "vx-hint"),
    ComparePanel: component("comparepanel", "vx-compare"),
    RoundList: component("rounds", "vx-rounds"),
    TrainForm: component("trainform", "vx-train"),
    LiveControl: component("livecontrol", "vx-live"),
    ModelTools: component("modeltools", "vx-model-tools"),
    ModelCard: component("modelcard", "vx-model-card"),
    ModelCompare: component("modelcompare", "vx-model-compare"),
    EventStream: component("eventstream", "vx-events"),
  };
})();
