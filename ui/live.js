// Keeps the page as the device is, without a reload. Everything is rendered on the device; this only puts it in place.
const lost = document.getElementById("lost");
let busy = false;
let again = false;

async function refresh() {
  // Nobody looks: the device need not draw. What was missed is fetched when somebody comes back.
  if (busy || document.visibilityState === "hidden") return void (again = true);
  busy = true;
  try {
    const answer = await fetch(location.pathname, { headers: { accept: "text/html" } });
    const next = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
    const now = document.getElementById("live");
    if (next !== null && now !== null && next.innerHTML !== now.innerHTML) {
      const open = new Set([...now.querySelectorAll("details[open]")].map((one) => one.id));
      const focused = document.activeElement?.id;
      for (const one of next.querySelectorAll("details")) one.open = open.has(one.id);
      now.replaceWith(next);
      if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    }
  } catch {
    // The event source says when the device is away.
  }
  busy = false;
  catchUp();
}

function catchUp() {
  if (!again) return;
  again = false;
  refresh();
}

const events = new EventSource("/api/v1/events");
events.addEventListener("status", () => {
  lost.hidden = true;
  refresh();
});
events.addEventListener("error", () => {
  lost.hidden = false;
});
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && catchUp());
// "12 s ago" grows by itself.
setInterval(() => document.visibilityState === "visible" && lost.hidden && refresh(), 15_000);
