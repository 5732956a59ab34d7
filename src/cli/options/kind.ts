import * as z from 'zod';

/** A schema without default, optional and transformation: what may be typed. */
export function kindOf(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodPipe) return kindOf(schema.def.in);
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodReadonly ||
    schema instanceof z.ZodNullable
  ) {
    return kindOf(schema.def.innerType);
  }
  return schema;
}

/**
 * The values of a schema that has few, or of the entries of its list; empty where any value may be
 * given.
 */
export function choicesOf(schema: z.core.$ZodType): readonly string[] {
  const kind = kindOf(schema);
  if (kind instanceof z.ZodEnum) return kind.options.map(String);
  return kind instanceof z.ZodArray ? choicesOf(kind.def.element) : [];
}

export function isList(schema: z.core.$ZodType): boolean {
  return kindOf(schema) instanceof z.ZodArray;
}

export function isBoolean(schema: z.core.$ZodType): boolean {
  return kindOf(schema) instanceof z.ZodBoolean;
}

/** The default that a schema holds, if any. */
export function defaultOf(schema: z.ZodType): unknown {
  return schema.safeParse(undefined).data;
}
