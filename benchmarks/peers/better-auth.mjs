// better-auth.mjs PORT [cached]: verification of API keys.
//
// As it comes: SQLite on disk, hashed keys, a rate limit counted for each key (raised: 10 requests a day is the default).
// In its favour: WAL with synchronous=NORMAL, so that no request waits for the disk; one key a user; its server-side call
// behind bare node:http, without its own router. `deferUpdates` stays off: it made no difference here, only later counters.
// cached: its secondary storage for keys, without the database behind it, and instead of a Redis a Map of this process, which
// is faster than any Redis and forgets every key with the process.
import { address, serve } from "./peer.mjs";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { apiKey } from "@better-auth/api-key";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";

const cached = process.argv[3] === "cached";

const directory = mkdtempSync(join(tmpdir(), "better-auth-"));
process.once("exit", () => rmSync(directory, { recursive: true }));
const database = new DatabaseSync(join(directory, "auth.db"));
database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");

const entries = new Map();
const inMemory = {
  get: (key) => entries.get(key) ?? null,
  set: (key, value) => void entries.set(key, value),
  delete: (key) => void entries.delete(key),
};

const options = {
  baseURL: address,
  secret: randomBytes(32).toString("base64url"),
  database,
  logger: { disabled: true },
  telemetry: { enabled: false },
  plugins: [
    apiKey({
      rateLimit: { enabled: true, timeWindow: 86_400_000, maxRequests: 1_000_000_000 },
      ...(cached ? { storage: "secondary-storage", customStorage: inMemory } : { storage: "database" }),
    }),
  ],
};
await (await getMigrations(options)).runMigrations();
const auth = betterAuth(options);
const { internalAdapter: users } = await auth.$context;

function answer(response, status, body) {
  const json = JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(json) }).end(json);
}

function handle(request, response) {
  if (request.method !== "POST" || request.url !== "/verify") {
    answer(response, 404, {});
    return;
  }
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", async () => {
    try {
      const { key } = JSON.parse(Buffer.concat(chunks));
      const verdict = await auth.api.verifyApiKey({ body: { key } });
      answer(response, verdict.valid ? 200 : 401, verdict);
    } catch (error) {
      answer(response, 400, { error: error.message });
    }
  });
}

async function verification(_, i) {
  const user = await users.createUser({ name: `User ${i}`, email: `user${i}@example.com`, emailVerified: true });
  const { key } = await auth.api.createApiKey({ body: { userId: user.id, permissions: { invoices: ["read"] } } });
  return {
    method: "POST",
    path: "/verify",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ key }),
    expect: '"valid":true',
  };
}

await serve(cached ? "better-auth (keys in memory)" : "better-auth", "@better-auth/api-key", handle, async () => ({
  verify: await Promise.all(Array.from({ length: 100 }, verification)),
}));
