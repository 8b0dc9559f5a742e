"use strict";
(() => {
  const tools = document.getElementById("tools"), query = document.getElementById("query"), found = document.getElementById("found");
  const boxes = [...tools.querySelectorAll("input[type=checkbox]")];
  const chapters = [...document.querySelectorAll("main > section")];
  const rows = chapters.flatMap((chapter) => [...chapter.querySelectorAll(".table tbody tr, main p, main li, .notice")]);
  const texts = new Map();
  const text = (row) => {
    if (!texts.has(row)) texts.set(row, row.textContent.toLowerCase());
    return texts.get(row);
  };
  const heads = (row) => {
    const words = [];
    for (let at = row.closest("section"); at; at = at.parentElement.closest("section")) words.push(at.id, at.firstElementChild.textContent);
    return words.join(" ").toLowerCase();
  };
  const sift = () => {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    const off = new Set(boxes.filter((box) => !box.checked).map((box) => box.value));
    const sifting = words.length > 0 || off.size > 0, kept = new Set();
    let count = 0;
    for (const row of rows) {
      const toned = row.tagName === "TR" && off.size > 0 && [...row.classList].some((name) => off.has(name));
      const away = sifting && (toned || !words.every((word) => text(row).includes(word) || heads(row).includes(word)));
      row.classList.toggle("away", away);
      if (away) continue;
      count += 1;
      for (let at = row.closest("section"); at; at = at.parentElement.closest("section")) kept.add(at);
    }
    for (const section of document.querySelectorAll("main section")) section.classList.toggle("away", sifting && !kept.has(section));
    found.textContent = sifting ? `${count} rows and paragraphs` : "";
  };
  let waiting;
  query.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(sift, 120); });
  boxes.forEach((box) => box.addEventListener("change", sift));
  addEventListener("hashchange", () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target && target.closest(".away")) { query.value = ""; boxes.forEach((box) => { box.checked = true; }); sift(); target.scrollIntoView(); }
  });
  tools.hidden = false;
})();
