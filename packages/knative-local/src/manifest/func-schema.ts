import * as v from 'valibot';
import { count } from './schema.ts';

const envs = v.array(v.object({ name: v.optional(v.string()), value: v.optional(v.string('must be text: put it in quotes')) }));

/** What counts here of a func.yaml. */
export const func = v.object({
  name: v.pipe(v.string(), v.minLength(1)),
  invoke: v.optional(v.string()),
  build: v.optional(v.object({ buildEnvs: v.optional(envs) })),
  run: v.optional(v.object({ envs: v.optional(envs) })),
  deploy: v.optional(
    v.object({
      healthEndpoints: v.optional(v.object({ readiness: v.optional(v.string()), liveness: v.optional(v.string()) })),
      options: v.optional(
        v.object({
          scale: v.optional(
            v.object({
              min: v.optional(count),
              max: v.optional(count),
              metric: v.optional(v.string()),
              target: v.optional(v.number()),
              utilization: v.optional(v.number()),
            }),
          ),
          resources: v.optional(v.object({ limits: v.optional(v.object({ concurrency: v.optional(count) })) })),
        }),
      ),
    }),
  ),
});
