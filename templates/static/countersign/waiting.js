// How many requests wait: in the title, beside "Approvals", and said to screen readers, on every page.
(() => {
  "use strict";

  let known = null; // the newest request that this page knows of
  let shown = "0"; // how many wait

  const show = (count) => {
    const title = document.title.replace(/^\(\d+\) /, "");
    document.title = count ? `(${count}) ${title}` : title;
    for (const badge of document.querySelectorAll("[data-count]")) {
      badge.firstElementChild.textContent = String(count);
      badge.dataset.count = String(count);
    }
  };

  const look = (root) => {
    const marks = [...root.querySelectorAll("[data-waiting]")];
    if (root.matches?.("[data-waiting]")) marks.push(root);
    for (const mark of marks) {
      const { waiting, newest, words } = mark.dataset;
      if (known !== null && Number(newest) > known) {
        document.dispatchEvent(new CustomEvent("countersign:arrived", { detail: { newest, words } }));
        document.getElementById("waiting-words").textContent = words;
      }
      if (known !== null && (waiting !== shown || Number(newest) > known)) {
        document.dispatchEvent(new CustomEvent("countersign:changed"));
      }
      known = Math.max(known ?? 0, Number(newest));
      shown = waiting;
      show(Number(waiting));
    }
  };

  const start = document.getElementById("waiting");
  if (start) look(start);
  // A poll that is over either replaced its own element or filled a list; both bring the number along.
  document.addEventListener("htmx:load", (event) => look(event.detail.elt));
})();
