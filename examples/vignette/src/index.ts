import { type Apply, filter } from '@darkroom/shared/filter';
import option from '../option.json' with { type: 'json' };

/** Darkens a photo towards its corners, by the square of the distance from its centre. Alpha stays. */
export const vignette: Apply = ({ bitmap: { data, width, height } }, percent) => {
  const strength = Number(percent) / 100;
  for (let y = 0, at = 0; y < height; y += 1) {
    const down = ((y + 0.5) / height) * 2 - 1;
    for (let x = 0; x < width; x += 1, at += 4) {
      const across = ((x + 0.5) / width) * 2 - 1;
      const light = 1 - (strength * (across * across + down * down)) / 2;
      for (let part = at; part < at + 3; part += 1) data[part] = Math.round(data[part]! * light);
    }
  }
};

export const { init, handle, shutdown, liveness, readiness } = filter(vignette, option);
