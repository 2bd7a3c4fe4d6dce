/**
 * Who signs releases: the text of `.github/release_signers`, in git's format of allowed signers. While it holds no key,
 * no release can be verified beyond its checksum; from the first key on, one without a good signature is refused.
 */
export const RELEASE_SIGNERS = `\
# Who may sign a release: git's allowed_signers format, one key a line, for the name release@harbornode.
# There is no key yet, since no release was made: until there is one, nothing is published.
#
# To make one:  ssh-keygen -t ed25519 -N '' -C release@harbornode -f release_key
# Its line here:  release@harbornode namespaces="harbornode-release" ssh-ed25519 AAAA...
# The private key becomes the secret RELEASE_KEY of the environment "release", and is kept nowhere else.
`;
