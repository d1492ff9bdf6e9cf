// Countdowns, copy buttons, a box for all boxes. Pages say everything without this file; it only keeps them current.
(() => {
  "use strict";

  // Every text comes from the page, in its language: `{name}` stands for a value.
  const texts = document.currentScript.dataset;
  const filled = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

  // null from two days on: what the page says holds good until it is loaded again.
  const words = (seconds) => {
    if (seconds <= 0) return texts.over;
    const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
    if (hours >= 48) return null;
    const text = hours > 0 ? texts.hours : minutes > 0 ? texts.minutes : texts.seconds;
    return filled(texts.left, { time: filled(text, { hours, minutes, seconds: Math.floor(seconds % 60) }) });
  };

  // The server's clock counts, not this device's: the page says what time it was when it was made.
  const tick = () => {
    for (const clock of document.querySelectorAll("[data-seconds-left]")) {
      clock.dataset.deadline ??= String(performance.now() + Number(clock.dataset.secondsLeft) * 1000);
      const left = (Number(clock.dataset.deadline) - performance.now()) / 1000;
      clock.textContent = words(left) ?? clock.textContent;
      clock.classList.toggle("is-short", left < 120);
    }
  };
  tick();
  setInterval(tick, 1000);
  document.addEventListener("htmx:afterSwap", tick);

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-copies]");
    if (!button) return;
    const source = document.getElementById(button.dataset.copies);
    try {
      await navigator.clipboard.writeText(source.value ?? source.textContent);
      button.textContent = texts.copied;
    } catch {
      button.textContent = texts.notCopied;
    }
  });

  for (const all of document.querySelectorAll("[data-ticks-all]")) {
    all.closest("[hidden]").hidden = false;
    all.addEventListener("change", () => {
      for (const box of all.form.querySelectorAll("[name=chosen]")) box.checked = all.checked;
    });
  }

  for (const [index, source] of document.querySelectorAll("[data-copy]").entries()) {
    if (!navigator.clipboard) break;
    source.id ||= `copy-${index}`;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button is-small";
    button.dataset.copies = source.id;
    button.textContent = texts.copy;
    button.setAttribute("aria-live", "polite");
    if (source.dataset.copy) {
      // What the button copies: seen it stands beside it, heard it is one Copy of many.
      const what = document.createElement("span");
      what.className = "visually-hidden";
      what.textContent = ` ${source.dataset.copy}`;
      button.append(what);
    }
    source.after(button);
  }
})();
