// Gives Dash whole answers. It has no ear for one that breaks off (the service was killed meanwhile): it would wait for it for ever,
// and with it whatever depends on it. Here that is the failure of the request, which Dash knows. A classic script, before its renderer.
(function () {
  "use strict";
  const ask = window.fetch;
  window.fetch = async function (resource, options) {
    const answer = await ask(resource, options);
    if (String(resource).includes("_dash-update-component")) await answer.clone().arrayBuffer();
    return answer;
  };
})();
