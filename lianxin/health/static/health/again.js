// The five-minute ring. It counts, rings once, and never locks anybody out.
(function () {
  "use strict";
  const ring = document.querySelector("[data-lx-ring]");
  if (!ring) return;
  const words = ring.querySelector("[data-lx-ring-words]");
  const arc = ring.querySelector(".lx-ring-left");
  const whole = Number(ring.dataset.whole);
  const end = Date.now() + Number(ring.dataset.left) * 1000;
  let rang = Number(ring.dataset.left) <= 0;

  function bell() {
    if (navigator.vibrate) navigator.vibrate([300, 150, 300]);
    const Sound = window.AudioContext || window.webkitAudioContext;
    if (!Sound) return;
    const sound = new Sound(), tone = sound.createOscillator(), gain = sound.createGain();
    tone.frequency.value = 880;
    gain.gain.value = 0.2;
    tone.connect(gain).connect(sound.destination);
    tone.start();
    tone.stop(sound.currentTime + 0.8);
  }

  function draw() {
    const left = Math.max(0, Math.round((end - Date.now()) / 1000));
    words.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    arc.setAttribute("stroke-dasharray", `${100 * left / whole} 100`);
    if (left === 0 && !rang) {
      rang = true;
      ring.setAttribute("aria-label", ring.dataset.done);
      bell();
    }
  }
  draw();
  window.setInterval(draw, 500);
})();
