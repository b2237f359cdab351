import { createRequire } from "node:module";
import type * as Morph from "ts-morph";
import type { Project, ts } from "ts-morph";
import { findTsconfig } from "../find.ts";
import type { TypeNode } from "../model/model.ts";
import { createInferredTypes } from "./inferred-type.ts";

/** A call that makes a schema, in a file of the project. */
export interface SchemaCall {
  /** Absolute. */
  readonly file: string;
  /** Offsets in its text. */
  readonly from: number;
  readonly to: number;
}

export interface Inferred {
  /** As the compiler calls it. */
  readonly text: string;
  /** Undefined: it cannot be printed. */
  readonly type: TypeNode | undefined;
}

type Infer = (call: SchemaCall) => Inferred | undefined;

/**
 * Asks the compiler what comes out of the schema that a call makes. It takes a second or two, so it is asked only for what
 * neither zod nor the text of the file tells.
 */
export function createInference(schema: string, onCompiling: () => void): Infer {
  let infer: Infer | undefined;
  return (call) => {
    if (!infer) onCompiling();
    infer ??= startCompiler(schema);
    return infer(call);
  };
}

function startCompiler(schema: string): Infer {
  const morph = createRequire(import.meta.url)("ts-morph") as typeof Morph; // as in `readSchemaSource`
  const program = openProject(morph, schema).getProgram().compilerObject;
  const checker = program.getTypeChecker();
  const nodeOf = createInferredTypes(morph.ts, checker);

  function outputOf(call: ts.Node): ts.Type | undefined {
    const internals = checker.getPropertyOfType(checker.getTypeAtLocation(call), "_zod");
    const output = internals && checker.getPropertyOfType(checker.getTypeOfSymbol(internals), "output");
    return output && checker.getTypeOfSymbol(output);
  }

  return (call) => {
    const file = program.getSourceFile(call.file);
    const node = file && nodeAt(morph.ts, file, call);
    const type = node && outputOf(node);
    return type && { text: checker.typeToString(type), type: nodeOf(type) };
  };
}

/** With the settings of the project, other than those without which types say too little, or imports are not found. */
function openProject({ Project, ts }: typeof Morph, schema: string): Project {
  const tsConfigFilePath = findTsconfig(schema);
  const project = new Project({
    ...(tsConfigFilePath === undefined ? {} : { tsConfigFilePath }),
    skipAddingFilesFromTsConfig: true,
  });
  const options = project.getCompilerOptions();
  project.compilerOptions.set({
    target: options.target ?? ts.ScriptTarget.ESNext,
    module: options.module ?? ts.ModuleKind.NodeNext,
    ...(options.moduleResolution === undefined && options.module === undefined
      ? { moduleResolution: ts.ModuleResolutionKind.NodeNext }
      : {}),
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
  });
  project.addSourceFileAtPath(schema);
  return project;
}

function nodeAt(t: typeof ts, node: ts.Node, call: SchemaCall): ts.Node | undefined {
  if (node.pos > call.from || node.end < call.to) return undefined;
  if (node.end === call.to && node.getStart() === call.from && t.isCallExpression(node)) return node;
  return t.forEachChild(node, (child) => nodeAt(t, child, call));
}
