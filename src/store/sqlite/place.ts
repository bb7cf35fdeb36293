import { statfsSync } from 'node:fs';

/** Linux `statfs` types of file systems whose memory maps or locks are not shared by all who write to them. */
const SHARED_TYPES: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xfe534d42, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0x01021997, '9p'],
  [0x65735546, 'FUSE'],
  [0x5346414f, 'AFS'],
  [0x73757245, 'Coda'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x01161970, 'GFS2'],
  [0x7461636f, 'OCFS2'],
  [0x786f4256, 'a VirtualBox folder'],
  [0xbacbacbc, 'a VMware folder'],
]);

/**
 * The name of the shared file system that a folder lies on, or undefined for a local disk. WAL needs memory that all
 * writers share, which such a file system does not give. `type` is what `statfs` says, 0 where it says nothing.
 * macOS numbers its file systems anew with each release, so everything mounted under /Volumes counts as shared there.
 */
export function sharedFileSystem(
  platform: NodeJS.Platform,
  folder: string,
  type: number,
): string | undefined {
  if (platform === 'win32')
    return /^[\\/]{2}(?![?.][\\/](?!UNC[\\/]))/i.test(folder) ? 'a network share' : undefined;
  if (platform === 'darwin') return folder.startsWith('/Volumes/') ? 'a mounted volume' : undefined;
  // A type above 2^31 comes back negative on some systems.
  return SHARED_TYPES.get(type >>> 0);
}

/** As `sharedFileSystem`, for a folder that exists. */
export function placeOf(folder: string): string | undefined {
  return sharedFileSystem(process.platform, folder, fileSystemType(folder));
}

function fileSystemType(folder: string): number {
  try {
    return statfsSync(folder).type;
  } catch (error) {
    // Some sandboxes refuse the call itself: nothing is known then, as on systems that have none.
    if (error instanceof Error && 'code' in error) return 0;
    throw error;
  }
}
