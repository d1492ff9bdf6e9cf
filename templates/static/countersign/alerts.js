// A sound and a notification of the browser when a request arrives, for whoever turns them on. Both are off at first,
// kept in this browser alone, and say how many wait, never what: others may see the screen.
(() => {
  "use strict";

  const TOLD = "countersign.told"; // the newest request that any tab of this browser told of
  const isOn = (kind) => localStorage.getItem(`countersign.${kind}`) === "on";
  let audio = null;

  // A browser lets a page sound only after somebody touched it: this is called on the first touch, too.
  const ready = () => {
    audio ??= new AudioContext();
    if (audio.state === "suspended") audio.resume();
  };

  const tone = (frequency, start) => {
    const [oscillator, gain] = [audio.createOscillator(), audio.createGain()];
    oscillator.frequency.value = frequency;
    gain.gain.setValueAtTime(0.0001, start);
    gain.gain.exponentialRampToValueAtTime(0.2, start + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.0001, start + 0.3);
    oscillator.connect(gain).connect(audio.destination);
    oscillator.start(start);
    oscillator.stop(start + 0.32);
  };

  const ALERTS = {
    sound: {
      turnOn: async () => "",
      tell: () => {
        ready();
        tone(660, audio.currentTime);
        tone(880, audio.currentTime + 0.18);
      },
    },
    notification: {
      // Why it cannot be turned on; "" when it can. Only a click comes here, so nobody is asked unasked.
      turnOn: async (words) => {
        if (!("Notification" in window)) return words.missing;
        return (await Notification.requestPermission()) === "granted" ? "" : words.blocked;
      },
      tell: (words) => {
        const shown = new Notification("Countersign", { body: words, tag: "countersign", renotify: true });
        shown.onclick = () => window.focus();
      },
    },
  };

  document.addEventListener("countersign:arrived", ({ detail }) => {
    if (Number(localStorage.getItem(TOLD)) >= Number(detail.newest)) return;
    localStorage.setItem(TOLD, detail.newest);
    for (const [kind, alert] of Object.entries(ALERTS)) if (isOn(kind)) alert.tell(detail.words);
  });
  // What waits when a page opens is before everybody's eyes.
  localStorage.setItem(TOLD, document.getElementById("waiting").dataset.newest);
  if (isOn("sound")) for (const touch of ["pointerdown", "keydown"]) document.addEventListener(touch, ready, { once: true });

  const switches = document.getElementById("alerts");
  if (!switches) return;
  switches.hidden = false;
  const why = document.getElementById("alerts-why");
  for (const button of switches.querySelectorAll("[data-alert]")) {
    const { alert: kind, on, off, test } = button.dataset;
    const show = () => {
      button.textContent = isOn(kind) ? on : off;
      button.classList.toggle("is-on", isOn(kind));
    };
    show();
    button.addEventListener("click", async () => {
      const was = isOn(kind);
      why.textContent = was ? "" : await ALERTS[kind].turnOn(button.dataset);
      if (was) localStorage.removeItem(`countersign.${kind}`);
      else if (!why.textContent) {
        try {
          ALERTS[kind].tell(test);
          localStorage.setItem(`countersign.${kind}`, "on");
        } catch (error) {
          // Browsers of phones give notifications to installed applications alone.
          why.textContent = button.dataset.missing;
        }
      }
      show();
    });
  }
})();
