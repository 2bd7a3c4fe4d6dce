import assert from "node:assert/strict";
import {
  declaredPaths,
  nextOrder,
  type VolumeKey,
  volumeLabels,
  volumeNames,
  volumeOf,
} from "../../../../src/runtime/docker/volume/volume_owner.ts";

const DB: VolumeKey = { workload: "db", slot: 0, path: "/data" };
const made = (Name: string, place: VolumeKey) => ({ Name, Labels: volumeLabels(place, { deviceId: "d" }) });
const claim = (Name: string, place: VolumeKey, name: string, order: number) => {
  return { Name, Labels: volumeLabels(place, { deviceId: "d", claimed: { name, order } }) };
};

Deno.test("a volume belongs to the slot and path that it was made for, and to no other", () => {
  const volumes = [made("a", DB), { Name: "shared", Labels: { "harbornode.device": "d" } }];
  assert.equal(volumeOf(volumes, DB), "a");
  for (const other of [{ slot: 1 }, { path: "/log" }, { workload: "web" }]) {
    assert.equal(volumeOf(volumes, { ...DB, ...other }), null);
  }
});

Deno.test("the latest claim decides who has a volume, and which volume a path has", () => {
  const renamed = { ...DB, workload: "postgres" };
  const volumes = [made("a", DB), claim("c1", DB, "unnamed", 1)];
  assert.equal(volumeOf(volumes, DB), "unnamed");
  assert.equal(nextOrder(volumes), 2);
  volumes.push(claim("c2", renamed, "unnamed", 2));
  for (const listed of [volumes, volumes.toReversed()]) {
    assert.equal(volumeOf(listed, renamed), "unnamed");
    assert.equal(volumeOf(listed, DB), "a", "what another one has claimed is not shared");
  }
  volumes.push(claim("c3", DB, "a", 3), claim("c4", renamed, "a", 4));
  assert.equal(volumeOf(volumes, DB), null);
});

Deno.test("labels that say nothing sensible own nothing", () => {
  const labels = { "harbornode.workload": "db", "harbornode.path": "/data" };
  assert.equal(volumeOf([{ Name: "a", Labels: labels }, { Name: "b", Labels: null }, { Name: "c" }], DB), null);
  assert.equal(nextOrder([{ Name: "a", Labels: { "harbornode.order": "many" } }]), 1);
});

Deno.test("a volume has a name that Docker accepts and a person can read", () => {
  assert.equal(volumeNames({ ...DB, path: "/var/lib/postgresql/data" })[0], "harbornode-db-0-var-lib-postgresql-data");
  const odd = volumeNames({ ...DB, path: `/ö b/${"x".repeat(400)}` });
  assert.equal(new Set(odd).size, odd.length);
  for (const name of odd) assert.match(name, /^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,220}$/);
});

Deno.test("paths are those that Docker would mount", () => {
  const declared = { "/data/": {}, "/data": {}, "/a/../b//c": {}, relative: {}, "/": {}, "/../x": {} };
  assert.deepEqual(declaredPaths(declared), ["/b/c", "/data", "/relative", "/x"]);
  assert.deepEqual(declaredPaths(null), []);
});
