// What the peers do around their own work: listen on loopback, print in one line of JSON what to ask of them, stop on SIGTERM.
// Imported first, because libraries look at NODE_ENV when they load.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

process.env.NODE_ENV = "production";
process.once("SIGTERM", () => process.exit(0));

export const port = Number(process.argv[2]);
if (!Number.isInteger(port) || port < 1 || port > 65535) {
  console.error(`usage: ./node ${process.argv[1]} PORT`);
  process.exit(2);
}

export const address = `http://127.0.0.1:${port}`;

// The installed version, which package.json cannot promise.
function versionOf(name) {
  return JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url))).version;
}

// `signers` say of paths what each request must carry anew, because it is taken once. `prepare` runs once the server answers, so that it can make its credentials through the server's own endpoints.
export async function serve(name, packageName, handler, prepare, signers = {}) {
  const server = createServer(handler);
  server.keepAliveTimeout = 60_000; // a pause between two measurements must not cost the peer its connections
  await new Promise((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  const requests = await prepare();
  console.log(JSON.stringify({ name, version: versionOf(packageName), address, requests, signers }));
}
