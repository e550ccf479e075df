import { Alert } from "../ui/Alert";
import { useUploads, type Upload } from "./uploads";

export function UploadList() {
  const { uploads } = useUploads();
  if (!uploads.length) return null;
  return (
    <ul className="uploads" aria-label="Uploads">
      {uploads.map((upload) => (
        <li key={upload.id}>{upload.problem ? <Failed upload={upload} /> : <Running upload={upload} />}</li>
      ))}
    </ul>
  );
}

function Running({ upload }: { upload: Upload }) {
  const { drop } = useUploads();
  const { file, share } = upload;
  return (
    <>
      <span className="file">{file.name}</span>
      <progress aria-label={`Uploading ${file.name}`} value={share} max={1} />
      <button aria-label={`Cancel ${file.name}`} onClick={() => drop(upload)}>
        Cancel
      </button>
    </>
  );
}

function Failed({ upload }: { upload: Upload }) {
  const { drop, retry } = useUploads();
  const { file, problem } = upload;
  return (
    <>
      <span className="file">{file.name}</span>
      <Alert text={problem} />
      <button aria-label={`Try again: ${file.name}`} onClick={() => retry(upload)}>
        Try again
      </button>
      <button aria-label={`Dismiss ${file.name}`} onClick={() => drop(upload)}>
        Dismiss
      </button>
    </>
  );
}
