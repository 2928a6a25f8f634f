import { defineProblems } from '../../platform/http/problem.js';

export const mediaProblems = defineProblems('catalog', {
  svg_refused: {
    status: 415,
    title: 'SVG is not taken',
    meaning:
      'An SVG is a document that may run scripts and load things from elsewhere where it is shown, so none is kept.',
    remedy: 'Export the drawing as PNG or WebP, twice as wide as it is shown, and send that.',
  },
  picture_type_differs: {
    status: 422,
    title: 'The picture is of another type',
    meaning: 'The bytes are not of the type that `Content-Type` says.',
    remedy: 'Send the file with the type that it has, whatever its name ends in.',
  },
  broken_picture: {
    status: 422,
    title: 'The picture cannot be read',
    meaning: 'The bytes are no picture of a type that is taken, or end too soon, or are damaged.',
    remedy: 'Open the file in a program for pictures, save it again and send that.',
  },
  too_many_pixels: {
    status: 422,
    title: 'The picture is too large',
    meaning: 'It has more pixels than this store takes, or a side is longer than 16,383.',
    remedy: 'Make it smaller before you send it: no page shows more than 1,920 pixels across.',
  },
  unknown_media: {
    status: 422,
    title: 'Unknown picture',
    meaning: 'There is no uploaded picture of this id, or the product of the variant does not show it.',
    remedy: 'Upload it first (POST /v1/admin/media); a variant names one of the `media` of its product.',
  },
  media_in_use: {
    status: 409,
    title: 'The picture is in use',
    meaning: 'Products, categories or collections show it, or archived products did.',
    remedy: 'Take it out of their `media` or `mediaId` first.',
  },
  media_not_failed: {
    status: 409,
    title: 'There is nothing to try again',
    meaning: 'The sizes of this picture are made, or are being made.',
    remedy: 'Nothing to do: `state` says how far it is.',
  },
});
