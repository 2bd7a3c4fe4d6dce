/**
 * Who signs releases: the text of `.github/release_signers`, in git's format of allowed signers. While it holds no key,
 * no release can be verified beyond its checksum; from the first key on, one without a good signature is refused.
 */
export const RELEASE_SIGNERS = `\
# Who may sign releases of HarborNode, as ssh-keygen(1) says under ALLOWED SIGNERS.
# There is no key yet: no release has been made.
`;
