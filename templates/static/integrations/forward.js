"use strict";
// Goes on to NinjaOne, and remembers in this window alone that it is the popup: the name of a window is lost on the way.
(() => {
  try {
    if (window.name === "ninjaone-consent") { sessionStorage.setItem("ninjaone-consent", "popup"); }
  } catch {
    // Without storage the answer page stays open until it is closed by hand.
  }
  window.location.replace(document.getElementById("consent").href);
})();
