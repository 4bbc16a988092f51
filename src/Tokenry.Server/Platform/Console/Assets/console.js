// What the pages gain from a script: copy, search of scopes, the summary in words, the tick at the first use, menus that close. Each page works without it.
(() => {
  "use strict";

  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // Shows what needs a script; again after each enhanced navigation, which brings the HTML of the server.
  function enliven() {
    all("[data-copy][hidden], [data-print][hidden], .scope-search[hidden]").forEach((element) => (element.hidden = false));
    all("form").forEach(summarize);
    all("[data-poll]").forEach(wait);
    const passkeys = all("form[data-passkey][hidden]");
    if (passkeys.length && window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
      import(new URL(passkeys[0].dataset.script, document.baseURI)).then((script) => passkeys.forEach(script.enliven));
    }
    all("form[data-continue]").forEach(proceed);
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
      const words = button.querySelector("span");
      const before = words.textContent;
      words.textContent = button.dataset.copied;
      button.setAttribute("aria-live", "polite");
      setTimeout(() => (words.textContent = before), 2000);
    }
    if (event.target.closest("[data-print]")) window.print();
    all(".menu[open]").forEach((menu) => menu.contains(event.target) || (menu.open = false));
    if (event.target.closest(".rail a")) {
      const rail = document.getElementById("rail-open");
      if (rail) rail.checked = false;
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      all(".menu[open]").forEach((menu) => {
        menu.open = false;
        menu.querySelector("summary").focus();
      });
      const rail = document.getElementById("rail-open");
      if (rail) rail.checked = false;
    }
    const search = document.querySelector("[type=search]:not([hidden]), .filters input");
    if (event.key === "/" && search && !event.target.closest("input, textarea, select")) {
      event.preventDefault();
      search.focus();
    }
  });

  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-filter]")) filter(event.target);
    const form = event.target.closest("form");
    if (form) summarize(form);
  });

  // A description begins a sentence there, and continues one here.
  const lower = (words) => (/^[A-Z][a-z]/.test(words) ? words[0].toLowerCase() + words.slice(1).replace(/\.$/, "") : words);

  function filter(search) {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    all(".api", search.closest("fieldset")).forEach((api) => {
      let found = 0;
      all(".scope-group", api).forEach((group) => {
        let shown = 0;
        all(".scope", group).forEach((scope) => {
          scope.hidden = !words.every((word) => scope.dataset.words.toLowerCase().includes(word));
          shown += scope.hidden ? 0 : 1;
        });
        group.hidden = shown === 0;
        found += shown;
      });
      api.hidden = found === 0;
      if (words.length) api.open = true;
    });
  }

  // "A token for you that can read invoices at Invoices until 27 February, from anywhere."
  function summarize(form) {
    const output = form.querySelector(".summary");
    if (!output) return;
    const parts = output.dataset;
    const chosen = all("[name=scope]:checked", form);
    all(".api", form).forEach((api) => {
      const label = api.querySelector("[data-chosen]");
      const boxes = all("[type=checkbox]", api);
      label.textContent = label.dataset.chosen.replace("{n}", boxes.filter((box) => box.checked).length).replace("{of}", boxes.length);
    });
    const lines = (name) => (form.elements[name]?.value ?? "").split(/[\s,]+/).filter(Boolean);
    const expires = form.querySelector("[name=expires]:checked");
    const date = expires?.value === "date" ? form.elements.expires_on.value : expires?.dataset.until;
    const byApi = Map.groupBy ? Map.groupBy(chosen, (box) => box.dataset.api) : new Map([["", chosen]]);
    const scopes = [...byApi].map(([api, boxes]) => boxes.map((box) => lower(box.dataset.name)).join(", ") + (api ? ` (${api})` : "")).join("; ");
    const values = {
      scopes: scopes || parts.none,
      objects: lines("objects").length ? parts.objects.replace("{list}", lines("objects").join(", ")) : parts.all,
      until: date ? parts.until.replace("{date}", date) : expires?.value === "never" ? parts.never : "",
      networks: lines("networks").length ? parts.networks.replace("{list}", lines("networks").join(", ")) : parts.anywhere,
    };
    output.replaceChildren();
    for (const piece of parts.whole.split(/(\{\w+\})/)) {
      const name = piece.match(/^\{(\w+)\}$/)?.[1];
      if (name === "scopes") {
        const strong = document.createElement("strong");
        strong.textContent = values.scopes;
        output.append(strong);
      } else {
        output.append(name ? values[name] : piece);
      }
    }
    output.hidden = false;
  }

  // Asks every two seconds whether the secret was used, for ten minutes, while the page is visible.
  function wait(line) {
    if (line.dataset.waits) return;
    line.dataset.waits = "yes";
    let left = 300;
    const timer = setInterval(async () => {
      if (!line.isConnected || left-- === 0) return clearInterval(timer);
      if (document.hidden) return;
      const answer = await fetch(line.dataset.poll, { headers: { Accept: "text/plain" } }).catch(() => null);
      if (answer?.status === 200 && !answer.redirected) {
        clearInterval(timer);
        line.classList.add("done");
        line.querySelector("use").setAttribute("href", line.querySelector("use").getAttribute("href").replace(/#.*/, "#circle-check"));
        line.querySelector("span").textContent = await answer.text();
      }
    }, 2000);
  }

  // Goes on with bulk work by itself while the page is visible; each answer brings the next cursor.
  function proceed(form) {
    const cursor = form.elements.cursor.value;
    if (form.dataset.goes === cursor) return;
    form.dataset.goes = cursor;
    setTimeout(() => form.isConnected && !document.hidden && form.elements.cursor.value === cursor && form.requestSubmit(), 500);
  }

  enliven();
  const listen = () => window.Blazor?.addEventListener?.("enhancedload", enliven);
  listen();
  if (!window.Blazor) document.addEventListener("DOMContentLoaded", listen);
})();
