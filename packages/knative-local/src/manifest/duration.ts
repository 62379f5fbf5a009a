import * as v from 'valibot';

const pattern = /^P(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

/** ISO 8601 durations up to days, as Knative accepts them ("PT0.5S"), in milliseconds. */
export const duration = v.pipe(
  v.string('must be a duration like PT0.5S or PT2M'),
  v.check((text) => pattern.test(text) && text !== 'P', 'must be a duration like PT0.5S or PT2M'),
  v.transform((text) => {
    const [days, hours, minutes, seconds] = pattern
      .exec(text)!
      .slice(1)
      .map((part) => Number(part ?? 0));
    return Math.round((((days! * 24 + hours!) * 60 + minutes!) * 60 + seconds!) * 1000);
  }),
);
