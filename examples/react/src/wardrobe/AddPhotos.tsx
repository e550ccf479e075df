import { Plus } from "lucide-react";
import { PhotoInput } from "./PhotoInput";
import { useUploads } from "./uploads";

export function AddPhotos() {
  const { add } = useUploads();
  return (
    <PhotoInput className="primary" multiple onFiles={add}>
      <Plus aria-hidden />
      Add photos
    </PhotoInput>
  );
}
