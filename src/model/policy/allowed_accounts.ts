/** Users and groups of the device, as manifests and settings write them: names and numbers. */

/** As a name or a number. A name that stands for the number 0 is seen at the start alone. */
export function isRoot(account: string): boolean {
  return account === "root" || /^0+$/.test(account);
}

/** Whether `allowed` names it. A name is no number and a number no name: who is who is not known here. */
export function isAllowed(account: string, allowed: readonly string[]): boolean {
  const number = /^\d+$/.test(account) ? Number(account) : null;
  return allowed.some((one) => {
    if (one === account) return true;
    if (number === null) return false;
    const range = /^(\d+)(?:-(\d+))?$/.exec(one);
    return range !== null && number >= Number(range[1]) && number <= Number(range[2] ?? range[1]);
  });
}
