import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { type Bench, spools, until } from './support.ts';

/** An upload that stops in the middle of its photo. */
export async function beginUpload(
  { ingest, lab }: Bench,
  jpeg: Buffer,
): Promise<{ upload: ClientRequest; finish(): Promise<IncomingMessage> }> {
  const type = 'multipart/form-data; boundary=x';
  const upload = request(`${ingest.url}/?email=a@example.org`, { method: 'POST', headers: { 'content-type': type } });
  upload.on('error', () => {});
  upload.write('--x\r\ncontent-disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n');
  upload.write(jpeg.subarray(0, 500));
  await until(async () => (await spools(lab)).length === 1);
  return {
    upload,
    async finish() {
      upload.end(Buffer.concat([jpeg.subarray(500), Buffer.from('\r\n--x--\r\n')]));
      const [response] = (await once(upload, 'response')) as [IncomingMessage];
      return response;
    },
  };
}
