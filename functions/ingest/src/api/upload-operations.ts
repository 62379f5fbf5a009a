import { refusedWith } from './answers.ts';
import { inPath } from './parameters.ts';
import { type Keys, securityOf, unauthorized } from './security.ts';

const number = { type: 'integer', minimum: 0 };
const header = (description: string, schema: object = number) => ({ schema, description });
const inHeader = (name: string, schema: object, description: string, required = true) => ({
  name,
  in: 'header',
  required,
  schema,
  description,
});

const version = inHeader('Tus-Resumable', { const: '1.0.0' }, 'The version of the protocol.');
const upload = inPath('upload', { $ref: '#/components/schemas/UploadId' }, 'The id of an upload.');
const bytes = (required: boolean) => ({
  required,
  content: { 'application/offset+octet-stream': { schema: { type: 'string', format: 'binary' } } },
});
const always = { 'Tus-Resumable': header('The version of the protocol.', { const: '1.0.0' }) };
const offset = { 'Upload-Offset': header('Bytes that have arrived.') };
const expires = {
  'Upload-Expires': header('When the upload is removed, unless it has become a part of a job.', { type: 'string' }),
};

/** /uploads: photos that arrive in pieces, by the tus protocol. */
export function uploadOperations(mostBytes: number, keys: Keys) {
  const options = (operationId: string, parameters: object[] = []) => ({
    operationId,
    parameters,
    summary: 'What of the tus protocol is spoken here',
    responses: {
      204: {
        description: 'See the headers.',
        headers: {
          'Tus-Version': header('Versions of the protocol.', { type: 'string' }),
          'Tus-Extension': header('Extensions of the protocol.', { type: 'string' }),
          'Tus-Max-Size': header('Bytes of the largest upload.'),
        },
      },
      ...refusedWith(408),
    },
  });
  return {
    '/uploads': {
      post: {
        ...securityOf(keys),
        operationId: 'createUpload',
        summary: 'Begin to upload a photo in pieces',
        description:
          'By the tus protocol (https://tus.io): any of its clients will do. Once all bytes have arrived, name the upload in the field “upload” of a post.',
        parameters: [
          version,
          inHeader('Upload-Length', { ...number, maximum: mostBytes }, 'Bytes of the whole photo.'),
          inHeader(
            'Upload-Metadata',
            { type: 'string' },
            'Keys, each with a value in base64: “filename” names the photo.',
            false,
          ),
        ],
        requestBody: bytes(false),
        responses: {
          201: {
            description: 'It can be sent to the address in Location.',
            headers: { ...always, ...expires, Location: header('The address of the upload.', { type: 'string' }) },
          },
          ...refusedWith(400, ...unauthorized(keys), 403, 408, 412, 413, 429, 503, 507),
        },
      },
      options: options('describeUploads'),
    },
    '/uploads/{upload}': {
      head: {
        operationId: 'getUpload',
        summary: 'How much has arrived',
        parameters: [version, upload],
        responses: {
          200: {
            description: 'See the headers.',
            headers: { ...always, ...offset, 'Upload-Length': header('Bytes of the whole.') },
          },
          ...refusedWith(400, 404, 408, 412, 503),
        },
      },
      patch: {
        ...securityOf(keys),
        operationId: 'continueUpload',
        summary: 'Send more of a photo',
        description: 'What has arrived is kept, also where the line breaks.',
        parameters: [
          version,
          upload,
          inHeader('Upload-Offset', number, 'Where these bytes belong: behind those that have arrived.'),
        ],
        requestBody: bytes(true),
        responses: {
          204: { description: 'They have arrived.', headers: { ...always, ...offset, ...expires } },
          ...refusedWith(400, ...unauthorized(keys), 403, 404, 408, 409, 412, 413, 429, 503, 507),
        },
      },
      delete: {
        operationId: 'deleteUpload',
        summary: 'Give up an upload',
        parameters: [version, upload],
        responses: { 204: { description: 'It is gone.', headers: always }, ...refusedWith(400, 403, 404, 408, 412, 503) },
      },
      options: options('describeUpload', [upload]),
    },
  };
}
