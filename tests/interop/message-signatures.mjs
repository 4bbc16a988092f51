// RFC 9421 both ways: http-message-signatures verifies what we signed and signs the same requests for us to verify; structured-headers reads the
// fields that we read. The C# test gives a file of requests, keys and fields, and takes a file of signed requests.
import { strict as assert } from "node:assert";
import { createPrivateKey, createPublicKey } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createSigner, createVerifier, httpbis } from "http-message-signatures";
import { parseDictionary } from "structured-headers";

const { requests, keys, fields, written } = JSON.parse(readFileSync(process.env.TOKENRY_MESSAGES, "utf8"));
const secret = Buffer.from(keys.secret, "base64");
const privateKey = createPrivateKey(keys.ecdsa);
const signing = { "hmac-sha256": secret, "ecdsa-p256-sha256": privateKey };
const verifying = { "hmac-sha256": secret, "ecdsa-p256-sha256": createPublicKey(privateKey) };

const verify = (algorithm, request) =>
  httpbis.verifyMessage(
    {
      keyLookup: async ({ keyid }) => ({ id: keyid, algs: [algorithm], verify: createVerifier(verifying[algorithm], algorithm) }),
      requiredParams: ["created", "nonce", "keyid", "alg", "tag"],
      requiredFields: ["@method", "@authority", "@path", "@query"],
      maxAge: 300,
      tolerance: 60,
    },
    request,
  );

const signed = [];
for (const { algorithm, covered, nonce, signature, ...request } of requests) {
  const ours = { ...request, headers: { ...request.headers, ...signature } };
  assert.equal(await verify(algorithm, ours), true, `refused: ${JSON.stringify(ours)}`);
  assert.equal(await verify(algorithm, { ...ours, method: `${ours.method}X` }), false, `taken with another method: ${JSON.stringify(ours)}`);

  const { headers } = await httpbis.signMessage(
    {
      key: createSigner(signing[algorithm], algorithm, "key_1"),
      name: "peer",
      fields: covered,
      params: ["created", "expires", "keyid", "alg", "nonce", "tag"],
      paramValues: { nonce, tag: "tokenry-v1" },
    },
    request,
  );
  signed.push({ signatureInput: headers["Signature-Input"], signature: headers.Signature });
}
writeFileSync(written, JSON.stringify(signed));

for (const { text, inputs } of fields) {
  const theirs = [...parseDictionary(text)].map(([label, [components, parameters]]) => ({
    label,
    components: components.map(([name]) => name),
    nonce: parameters.get("nonce") ?? null,
    created: parameters.get("created") ?? null,
  }));
  assert.deepEqual(theirs, inputs, text);
}
