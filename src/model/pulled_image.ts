/** An image that this device pulled, and may therefore remove again. One that somebody else brought is never in here. */
export interface PulledImage {
  /** "sha256:..." */
  id: string;
  /** What it was pulled as; another name of it is somebody else's. */
  names: string[];
}
