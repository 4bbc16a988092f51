// Forms that ask the browser for a passkey (WebAuthn). They are hidden until this script has them: a passkey needs one.

// The request with which the browser fills in the field for the name.
let autofill;

const renewAfter = 4 * 60 * 1000; // a challenge lives five minutes

export function enliven(form) {
  form.hidden = false;
  form.parentElement.querySelectorAll("[data-without-passkeys]").forEach((line) => (line.hidden = true));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    autofill?.abort();
    ask(form);
  });
  if ("autofill" in form.dataset) offer(form);
}

// The browser offers passkeys in the field for the name, and waits until the person chooses one.
async function offer(form) {
  if (!form.isConnected || !(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  const request = (autofill = new AbortController());
  const renew = setTimeout(() => {
    request.abort();
    offer(form);
  }, renewAfter);
  request.signal.addEventListener("abort", () => clearTimeout(renew));
  ask(form, { mediation: "conditional", signal: request.signal });
}

async function ask(form, extra = {}) {
  const fault = form.querySelector("[role=alert]");
  fault.hidden = true;
  try {
    const begun = await fetch(form.dataset.options, {
      method: "POST",
      headers: { Accept: "application/json" },
      body: new URLSearchParams(new FormData(form)),
      signal: extra.signal,
    });
    if (!begun.ok || begun.redirected) {
      if (!extra.mediation) location.assign(location.href.replace(/#.*/, "")); // the session, the form or the fresh proof is over, and the page says which
      return;
    }
    const { options, challenge } = await begun.json();
    const credential =
      form.dataset.passkey === "create"
        ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
        : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options), ...extra });
    form.elements.challenge.value = challenge;
    form.elements.credential.value = JSON.stringify(credential);
    form.submit();
  } catch (error) {
    if (extra.mediation) return;
    fault.textContent = error.name === "InvalidStateError" ? form.dataset.known : form.dataset.failed;
    fault.hidden = false;
  }
}
