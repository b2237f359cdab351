/** Version of the layout of keys and values described below; in the field `version` of the marker key. */
export const schemaVersion = 3;

/*
 * Layout. All keys begin with P = "{namespace}:", so that Redis Cluster keeps them in one slot. KEYS[1] is the marker key
 * P.."meta"; all others are derived from it inside the scripts.
 *
 *   meta            hash: version, born (id of this history), op (count of mutating calls), seq (of the newest job), lane,
 *                   edge (number of edges so far), mended (seq of the held job that was looked at last, while not all were)
 *   jobs            hash: id → head as in `head.ts`, then the payload if it is short
 *   heads           hash: id → head of a job that was ever claimed; then that in `jobs` counts no more
 *   payloads        hash: id → payload, if it is long
 *   outputs, errors hash: id → output, error as JSON
 *   index           sorted set: numbers of the chunks below
 *   index:<n>       hash: byte seq % 64 → id, for the 64 jobs from seq 64·n on; small enough for Redis to pack it
 *   lanes           hash: lane → packed {queue, name, version}
 *   lanes:<queue>   hash: "version:name" → lane
 *   counts          hash: "lane:state" → number of jobs
 *   ready:<lane>    sorted set: score priority, member runAt and seq in six bytes each, id, which "~" precedes if the job
 *                   was ever claimed: the order is that of offers
 *   scheduled       sorted set: score runAt, member seq in six bytes, id
 *   final:<lane>:<state>  sorted set: score finishedAt, member seqs of the jobs that one call ended, in six bytes each.
 *                   A requeued job stays in it: what its head says counts
 *   leases          sorted set: score leaseUntil, member claim. All leases of one claim begin, move and lapse together
 *   claims          hash: claim → packed {workerId, claimId, id…}. A settled job stays in it: what its head says counts;
 *                   "claim:held" → number of jobs that still run under it
 *   worker:<id>     hash: claimId → claim
 *   uniques         hash: id → packed {unique key, scope, forMs or false}
 *   keys            hash: unique key → id of the job that took it last. Whether that job holds it still is read off the job
 *   attempts:<id>   hash: fence → packed {attempt, startedAt, endedAt, workerId, error as JSON or false}
 *   notes:<id>      hash: "s", "c" or "l" and the key of a step, cursor or log line → its place in four bytes, text; "#" → the
 *                   last place
 *   tags            hash: id → packed {tag…}
 *   tagged:<tag>    sorted set: score seq, member id
 *   limits          hash: policy → packed {kind, limit, windowMs or false}
 *   gates           hash: id → packed {{policy, key, kind, level}…}, by level. How many of them it has passed is in its head
 *   waiting:<key>   sorted set of the blocked jobs that wait at a gate: score seq or priority, as the kind of the gate orders
 *                   them, member runAt and seq in six bytes each, id
 *   passed:<key>    set of ids: jobs that have passed a gate and take a place there, as their state says
 *   starts:<key>    sorted set: score time of a start, member fence and id
 *   starting        sorted set: score time of the last start, member key of a gate that has "starts:<key>"
 *   groups:<policy> set of keys of the gates at which jobs wait
 *   opening         sorted set: score time from which a gate may have room for those who wait at it, member its key
 *   reserved        sorted set: score end of the window, member seq in six bytes, id: jobs past their retention that stay
 *                   because they hold a key for a time
 *   aside           sorted set: score finishedAt, member seq in six bytes: jobs past their retention that stay, for their key
 *                   or for those that need them. They are in no final set meanwhile
 *   held            sorted set: score seq, member id: the blocked jobs that their needs hold
 *   needs:<id>      list of the jobs that one needs, in the order in which its edges came: condition, id
 *   edges:<id>      hash: id of a job that this one needs → condition, status; "#" → packed {mode, delay when they let it go,
 *                   number of edges by status…}
 *   needed          hash: id → the only job that needs it, or "*": see the next line
 *   needed:<id>     sorted set: score number of the edge, member id of a job that needs this one
 *   deciding        sorted set: jobs that ended and that more others need than one call decides: score number of the edge
 *                   after which to go on, member id
 *   paused          set of queues
 *   paused:names    set of names of job definitions
 *   schedules       hash: key → packed {name, spec, nextAt, lastAt, pausedAt}, false for what is absent
 *   schedules:keys  sorted set: score 0, member key
 *   slots:<name>    sorted set: score nextAt, member key, of the schedules of this name that fire again and are not paused
 *
 * A lane is a (queue, name, version): a claim looks only at lanes that its worker handles. A claim is named by the count
 * of its call. Keys of schedules are written so that their bytes sort as the contract says: see `ids.ts`.
 * Every key, field and member belongs to jobs and goes with the last of them, or to a schedule or a pause; starts go when no
 * window reaches them. Edges go with the job that needs, whose end they outlive; until then those that it needs stay. Limits stay: there are as many as schemas have had policies.
 */

/** Longer payloads are kept outside of the head, in bytes. */
export const inlineLimit = 512;
