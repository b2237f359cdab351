import type { Redis } from "ioredis";
import { freePort, type RedisServer, startRedis } from "./redis-server.ts";

/** A private Redis Cluster on loopback: primaries only, each with an append-only file and its share of the slots. */
export interface RedisCluster {
  readonly members: readonly RedisServer[];
  /** Addresses of all members, as the option `nodes` wants them. */
  readonly nodes: readonly string[];
  /** The member that holds the keys of a namespace. */
  ownerOf(namespace: string): Promise<RedisServer>;
  /** Begins to hand a namespace's slot over to another member. What happens in between is up to the test. */
  move(namespace: string): Promise<SlotMove>;
  stop(): Promise<void>;
}

/** A slot between two members, as `redis-cli --cluster reshard` moves it. */
export interface SlotMove {
  /** Takes these keys over to the other member. */
  take(keys: readonly string[]): Promise<void>;
  /** Takes the others over, and tells every member who has the slot now. */
  finish(): Promise<void>;
}

const slots = 16_384;

export async function startCluster(size = 3): Promise<RedisCluster> {
  const members = await Promise.all(Array.from({ length: size }, startMember));
  await shareSlots(members);
  await introduce(members);
  await Promise.all(members.map(({ admin }) => agreed(admin, size)));

  async function ownerOf(namespace: string): Promise<RedisServer> {
    const slot = await slotOf(namespace);
    for (const member of members) {
      const ranges = await rangesOf(member.admin);
      const range = ranges.find(([first, last]) => first <= slot && slot <= last);
      const owner = members.find(({ port }) => port === range?.[2][1]);
      if (owner) return owner;
    }
    throw new Error(`slot ${slot} has no owner`);
  }

  async function slotOf(namespace: string): Promise<number> {
    const [first] = members;
    return Number(await first?.admin.cluster("KEYSLOT", `{${namespace}}:meta`));
  }

  return {
    members,
    nodes: members.map(({ url }) => url),
    ownerOf,
    async move(namespace) {
      const [slot, source] = [await slotOf(namespace), await ownerOf(namespace)];
      const target = members.find((member) => member !== source) ?? source;
      const [from, to] = [await idOf(source.admin), await idOf(target.admin)];
      await target.admin.cluster("SETSLOT", slot, "IMPORTING", from);
      await source.admin.cluster("SETSLOT", slot, "MIGRATING", to);
      const take = async (keys: readonly string[]): Promise<void> => {
        for (const key of keys) await source.admin.migrate("127.0.0.1", target.port, key, 0, 5_000);
      };
      return {
        take,
        async finish() {
          await take(await source.admin.cluster("GETKEYSINSLOT", slot, 100_000));
          for (const { admin } of [target, source, ...members]) await admin.cluster("SETSLOT", slot, "NODE", to);
        },
      };
    },
    stop: async () => void (await Promise.all(members.map((member) => member.stop()))),
  };
}

async function startMember(): Promise<RedisServer> {
  const bus = String(await freePort());
  return startRedis("--cluster-enabled", "yes", "--cluster-port", bus, "--appendonly", "yes");
}

async function shareSlots(members: readonly RedisServer[]): Promise<void> {
  const share = Math.ceil(slots / members.length);
  for (const [index, { admin }] of members.entries()) {
    const last = Math.min(slots, (index + 1) * share);
    const own = Array.from({ length: last - index * share }, (_, offset) => index * share + offset);
    await admin.cluster("ADDSLOTS", ...own);
    await admin.call("CLUSTER", "SET-CONFIG-EPOCH", index + 1);
  }
}

async function introduce([first, ...others]: readonly RedisServer[]): Promise<void> {
  for (const { admin, port } of others) {
    const bus = String(await admin.config("GET", "cluster-port"))
      .split(",")
      .at(-1);
    await first?.admin.call("CLUSTER", "MEET", "127.0.0.1", port, bus ?? "");
  }
}

type SlotRange = readonly [first: number, last: number, owner: readonly [host: string, port: number, id: string]];

async function rangesOf(admin: Redis): Promise<readonly SlotRange[]> {
  return (await admin.cluster("SLOTS")) as unknown as readonly SlotRange[]; // typed by ioredis for RESP3 maps
}

async function idOf(admin: Redis): Promise<string> {
  return admin.cluster("MYID");
}

/** Asked until this member knows all others and an owner of every slot. */
async function agreed(admin: Redis, size: number): Promise<void> {
  for (;;) {
    const info = await admin.cluster("INFO");
    if (/cluster_state:ok/.test(info) && new RegExp(`cluster_known_nodes:${size}\\b`).test(info)) return;
  }
}
