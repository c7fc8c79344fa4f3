// The official JavaScript client of OpenMeter against `price serve`, unchanged; after client.py on the same
// server.
//   node client.mjs URL
import { createRequire } from "node:module";
import assert from "node:assert/strict";

const require = createRequire(`${process.env.MODULES ?? process.cwd()}/`);
const { OpenMeter } = await import(require.resolve("@openmeter/sdk"));
const [baseUrl] = process.argv.slice(2);
const client = new OpenMeter({ baseUrl, apiKey: "none is asked for" });

const time = new Date("2026-05-05T10:00:00Z");
const event = (id, subject, tokens) => ({ id, source: "js", type: "prompt", subject, time, data: { model: "large", tokens } });
await client.events.ingest(event("js-1", "acme", 20));
await client.events.ingest([event("js-2", "acme", 1), event("js-3", "globex", 2)]);

const slugs = (await client.meters.list()).map((meter) => meter.slug).sort();
assert.deepEqual(slugs, ["prompts", "tokens"]);
const span = { from: new Date("2026-05-01T00:00:00Z"), to: new Date("2026-06-01T00:00:00Z") };
const all = await client.meters.query("tokens", { ...span, groupBy: ["model"], filterGroupBy: { model: "large" } });
assert.deepEqual(all.data.map((row) => [row.value, row.groupBy.model]), [[23, "large"]]);
const own = await client.meters.query("tokens", { ...span, subject: ["globex"], windowSize: "DAY" });
assert.deepEqual(own.data.map((row) => [row.value, row.subject]), [[2, "globex"]]);
const listed = await client.events.list({ subject: "globex" });
assert.ok(listed.some((each) => each.event.id === "js-3"));
const page = await client.events.listV2({ limit: 2 });
assert.equal(page.items.length, 2);
const next = await client.events.listV2({ limit: 2, cursor: page.nextCursor });
assert.notEqual(next.items[0].event.id, page.items[1].event.id);

assert.equal((await client.customers.get("acme")).key, "acme");
assert.equal((await client.customers.list({ pageSize: 1 })).totalCount, 2);
assert.equal((await client.subjects.get("globex")).key, "globex");
const { id } = await client.customers.get("globex");
const of = await client.meters.query("tokens", { ...span, filterCustomerId: [id] });
assert.deepEqual(of.data.map((row) => [row.value, row.customerId]), [[2, id]]);
const value = await client.customers.entitlementsV1.value("acme", "tokens");
assert.equal(value.totalAvailableGrantAmount, 1000);
assert.deepEqual(Object.keys((await client.customers.getAccess("acme")).entitlements).sort(), ["sso", "support", "tokens"]);

const token = await client.portal.create({ subject: "globex" });
const asked = () =>
  fetch(`${baseUrl}/api/v1/portal/meters/tokens/query`, { headers: { authorization: `Bearer ${token.token}` } });
assert.equal((await asked()).status, 200);
await client.portal.invalidate({ id: token.id });
assert.equal((await asked()).status, 401);

await assert.rejects(client.meters.query("nothing", span), /no plan has a meter/);
console.log("the JavaScript client works unchanged");
