"use strict";
// Keys, and bars of a timeline that narrow a search. Everything else works without this file.

const editable = (element) => element.closest("input, textarea, select, [contenteditable], dialog");
const links = () => [...document.querySelectorAll(".hit .headline a")];

function step(by) {
  const all = links();
  const at = all.indexOf(document.activeElement);
  const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)];
  if (next) next.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || editable(event.target)) return;
  const act = {
    "/": () => document.getElementById("q").select(),
    j: () => step(1),
    k: () => step(-1),
    "?": () => document.getElementById("keys").showModal(),
  }[event.key];
  if (act) {
    event.preventDefault();
    act();
  }
});

document.addEventListener("click", (event) => {
  const bar = event.target.closest && event.target.closest(".search rect[data-since]");
  if (!bar) return;
  const address = new URL(window.location.href);
  address.searchParams.set("since", bar.dataset.since);
  address.searchParams.set("until", bar.dataset.until);
  address.searchParams.delete("page");
  window.location.assign(address);
});

// In Airflow's tab the frame may neither open windows nor leave itself: the page around it, which is of the same origin,
// follows such links.
if (window.parent !== window) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("a[href]");
    if (!link || !/^https?:$/.test(link.protocol)) return;
    if (link.origin === window.location.origin && link.target !== "_top") return;
    event.preventDefault();
    const outer = window.parent.document.createElement("a");
    outer.href = link.href;
    outer.rel = "noopener noreferrer";
    outer.target = link.target === "_top" ? "_self" : "_blank";
    outer.click();
  });
}
