// oidc-provider as the outside provider with which people sign in. This script is the provider, and the person's browser.
import assert from "node:assert/strict";
import { Provider } from "oidc-provider";

const { PROVIDER_ADDRESS: issuer, TOKENRY_ADDRESS: tokenry, CLIENT_ID, CLIENT_SECRET } = process.env;
const provider = new Provider(issuer, {
  clients: [
    {
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
      redirect_uris: [`${tokenry}/sign-in/with/corp/callback`],
      grant_types: ["authorization_code"],
      response_types: ["code"],
    },
  ],
  claims: { openid: ["sub"], email: ["email"], profile: ["name", "groups"] },
  conformIdTokenClaims: false, // the claims of the scopes are in the token
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@corp.example`, name: "Ada Lovelace", groups: ["developers"] }),
  }),
  features: { devInteractions: { enabled: true } },
});
const listening = provider.listen(Number(new URL(issuer).port), "127.0.0.1");

// A browser: cookies by host, one request at a time.
function browser() {
  const cookies = new Map();
  return async function go(address, options = {}) {
    const url = new URL(address);
    const jar = cookies.get(url.host) ?? new Map();
    cookies.set(url.host, jar);
    const response = await fetch(url, {
      redirect: "manual",
      ...options,
      headers: { accept: "text/html", cookie: [...jar].map(([name, value]) => `${name}=${value}`).join("; "), ...options.headers },
    });
    for (const line of response.headers.getSetCookie()) {
      const [name, ...value] = line.split(";")[0].split("=");
      jar.set(name, value.join("="));
    }
    const location = response.headers.get("location");
    return { status: response.status, next: location && new URL(location, url).href, text: await response.text(), url: url.href };
  };
}

async function signIn(login) {
  const go = browser();
  let at = await go(`${tokenry}/sign-in/with/corp?return=/account/security`);
  for (let step = 0; step < 20; step++) {
    if (at.next) {
      at = await go(at.next);
      continue;
    }
    const form = at.url.startsWith(issuer) && at.text.match(/<form[^>]*action="([^"]+)"/)?.[1];
    if (!form) break;
    const prompt = at.text.match(/name="prompt" value="(\w+)"/)[1];
    at = await go(new URL(form, issuer).href, { method: "POST", body: new URLSearchParams({ prompt, login, password: "any" }) });
  }
  return at;
}

for (let time = 0; time < 2; time++) {
  const arrived = await signIn("ada");
  assert.equal(arrived.status, 200, arrived.text);
  assert.equal(arrived.url, `${tokenry}/account/security`);
  assert.match(arrived.text, /ada@corp\.example/);
}
listening.close();
process.exit(0);
