/** How a change is met: an error, a warning, or a remark. */
export type Severity = "breaking" | "unknown" | "behaviour" | "compatible";

export interface Rule {
  readonly severity: Severity;
  /** What was changed. */
  readonly meaning: string;
  /** What may go wrong, or how it is done without. */
  readonly advice: string;
}

const rule = (severity: Severity, meaning: string, advice: string): Rule => ({ severity, meaning, advice });

/** Every rule by its name. `docs/compatibility.md` is generated from here. */
export const rules = {
  // Jobs
  JOB_ADDED: rule("compatible", "A job is new.", "Old workers leave its jobs alone."),
  JOB_DELETED: rule(
    "breaking",
    "A job is not in the schema any more.",
    "Jobs of it that are left would wait for ever. Keep it until they are done, then retire its name.",
  ),
  JOB_RENAMED: rule(
    "breaking",
    "A job is gone, and another one with the same contract has come.",
    "Jobs are stored under their name. Keep the old definition until its jobs are done.",
  ),
  JOB_RETIRED_NAME_REUSED: rule(
    "breaking",
    "The name of a retired job is used for another contract.",
    "Old jobs may be left under it. Take another name.",
  ),
  JOB_VERSION_DECREASED: rule(
    "breaking",
    "The version is lower than one that was there before.",
    "Workers claim jobs up to their own version: those of the higher one would wait for ever.",
  ),
  JOB_VERSION_ADDED: rule(
    "compatible",
    "A new version, which reads the jobs of older ones.",
    "Old workers leave it alone.",
  ),
  JOB_UPGRADE_MISSING: rule(
    "unknown",
    "A new version, which cannot read the jobs of an older one as they are.",
    "Give it an `upgrade` for that version, or wait until no such job is left: `jobwright diff --against <store>`.",
  ),
  JOB_UPGRADE_REMOVED: rule(
    "breaking",
    "The function is gone that carried the jobs of an older version forward.",
    "Such jobs may be left: they would be read as they are, or be dead. Keep it until none is left.",
  ),
  VERSION_NOT_LOCKED: rule(
    "unknown",
    "A version is in the store, but not in the lock.",
    "Nobody knows what it stored. Restore its block from version control.",
  ),
  WORKFLOW_ADDED: rule("compatible", "A workflow is new.", "Nothing of it is in a store."),
  WORKFLOW_DELETED: rule(
    "breaking",
    "A workflow is not in the schema any more.",
    "Flows that have begun run on, but nobody can check their signals, or parse the input of a part. Keep it until they have ended, then retire its name.",
  ),
  WORKFLOW_RETIRED_NAME_REUSED: rule(
    "breaking",
    "The name of a retired workflow is used for another contract.",
    "Old flows may be left under it. Take another name.",
  ),
  SIDE_ADDED: rule(
    "compatible",
    "An output, error or progress is declared for the first time.",
    "What was stored before has none.",
  ),
  SIDE_REMOVED: rule(
    "unknown",
    "An output, error or progress is not declared any more.",
    "Other builds may still ask for it.",
  ),

  // Fields
  FIELD_ADDED_REQUIRED: rule(
    "breaking",
    "A field is new, and required.",
    "What was stored before lacks it. Make it optional, or give it a default.",
  ),
  FIELD_REMOVED_REQUIRED: rule(
    "breaking",
    "A field is gone that the other build requires.",
    "Make it optional first, and take it away when no old build is left.",
  ),
  FIELD_MADE_REQUIRED: rule(
    "breaking",
    "An optional field is required now.",
    "It is missing from what was stored before. Give it a default.",
  ),
  FIELD_MADE_OPTIONAL: rule("breaking", "A required field may be missing now.", "Old builds refuse what lacks it."),
  FIELD_REFUSED: rule(
    "breaking",
    "A field is stored that a strict object refuses.",
    "Use z.object, which drops what it does not know.",
  ),
  FIELD_REUSED: rule(
    "breaking",
    "A field has come back with another type than it had once.",
    "What was stored then may be left. Take another name.",
  ),
  FIELD_ADDED_TO_OPEN_OBJECT: rule(
    "unknown",
    "A field is new in an object that was open.",
    "It may have been stored before, with any value.",
  ),
  OBJECT_MADE_STRICT: rule(
    "unknown",
    "An object refuses, or checks, other keys now.",
    "Some may have been stored before.",
  ),
  NULL_ADDED: rule("breaking", "A value may be null now.", "Old builds refuse null."),
  NULL_REMOVED: rule("breaking", "A value may not be null any more.", "Null may have been stored before."),

  // Types
  TYPE_CHANGED: rule(
    "breaking",
    "A value is of another kind.",
    "Add a field with another name, and keep the old one for a while.",
  ),
  TUPLE_LENGTH_CHANGED: rule("breaking", "A tuple has another length.", "Use an object with optional fields."),
  ENUM_VALUE_ADDED: rule(
    "breaking",
    "A literal is new.",
    "Old builds refuse it. Let all of them know it before one is stored.",
  ),
  ENUM_VALUE_REMOVED: rule("breaking", "A literal is gone.", "It may have been stored before. Keep it in the schema."),
  UNION_MEMBER_ADDED: rule("breaking", "An alternative is new.", "Old builds refuse it."),
  UNION_MEMBER_REMOVED: rule(
    "breaking",
    "An alternative is gone.",
    "It may have been stored before. Keep it in the schema.",
  ),
  UNION_EXCLUSIVE: rule(
    "unknown",
    "Exactly one alternative has to fit.",
    "Whether another one does, too, shows only at run time.",
  ),

  // Limits
  LIMIT_TIGHTENED: rule("breaking", "A limit is narrower.", "What was stored before may lie outside."),
  LIMIT_LOOSENED: rule("breaking", "A limit is wider.", "Old builds refuse what lies outside of theirs."),
  PATTERN_CHANGED: rule(
    "breaking",
    "A text has to fit another pattern.",
    "Patterns cannot be compared, only their text.",
  ),
  FORMAT_CHANGED: rule("breaking", "A text has to be of another format.", "What was stored before may not be."),

  // Code
  CODE_CHANGED: rule(
    "unknown",
    "A refinement, transform or codec is new or has another text.",
    "What it accepts is known only when it runs.",
  ),
  COERCION_CHANGED: rule(
    "unknown",
    "Values are converted on one side only.",
    "Values of other kinds may have been stored.",
  ),
  CATCH_REMOVED: rule(
    "unknown",
    "What does not fit is not replaced any more.",
    "Something of the kind may have been stored.",
  ),
  DEFAULT_CHANGED: rule(
    "behaviour",
    "A default is another one.",
    "Jobs that were enqueued without the value get the new one.",
  ),
  TOO_DEEP: rule("unknown", "Types are nested too deeply to be compared.", "Say the same with fewer levels."),

  // Behaviour
  QUEUE_CHANGED: rule(
    "behaviour",
    "Another queue.",
    "Jobs that wait stay in the old one: let a worker serve it until it is empty.",
  ),
  UNIQUE_CHANGED: rule(
    "behaviour",
    "Unique keys are made or kept in another way.",
    "Across the switch, a key can have two jobs.",
  ),
  SCHEDULE_CHANGED: rule(
    "behaviour",
    "A schedule is new, gone or another one.",
    "The next slot is found anew when a worker starts.",
  ),
  GATE_CHANGED: rule(
    "behaviour",
    "Limits on running jobs are others.",
    "Jobs that wait keep the keys that they were enqueued with.",
  ),
  RETRY_CHANGED: rule(
    "behaviour",
    "Attempts or errors are treated differently.",
    "Jobs that wait follow the build that runs them.",
  ),
  TIME_CHANGED: rule(
    "behaviour",
    "A timeout or an expiry is another one.",
    "Jobs that are under way may end otherwise.",
  ),
  ENCRYPTION_CHANGED: rule(
    "behaviour",
    "Stored values are encrypted now, or not any more.",
    "Builds without the keys cannot read them.",
  ),
  HANDLER_CHANGED: rule(
    "behaviour",
    "The handler takes jobs in another way.",
    "Batches and transactions are an affair of the build that runs them.",
  ),
  PRIORITY_CHANGED: rule(
    "behaviour",
    "Another priority, or another bound of waiting jobs.",
    "Jobs that wait keep the one they have.",
  ),
} as const satisfies Readonly<Record<string, Rule>>;

export type RuleName = keyof typeof rules;
