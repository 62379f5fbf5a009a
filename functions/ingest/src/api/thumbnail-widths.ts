/** The widths, in pixels, that a thumbnail may have: that of a card on a phone or a desktop, on screens of one to three dots per pixel. */
export const thumbnailWidths = [320, 640, 1280] as const;
