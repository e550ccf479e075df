import type { ChangeEvent, ReactNode } from "react";

interface PhotoInputProps {
  className?: string;
  multiple?: boolean;
  onFiles: (files: File[]) => void;
  children: ReactNode;
}

/** A button that lets a person choose photos. */
export function PhotoInput({ className = "", multiple = false, onFiles, children }: PhotoInputProps) {
  function choose({ currentTarget: input }: ChangeEvent<HTMLInputElement>) {
    const files = [...(input.files ?? [])];
    input.value = ""; // so that the same file can be chosen again
    if (files.length) onFiles(files);
  }
  return (
    <label className={`button ${className}`}>
      <input type="file" accept="image/*,.heic,.heif,.avif" multiple={multiple} onChange={choose} />
      {children}
    </label>
  );
}
