/** Name of a workload: safe as a directory, a container name, a label and in a URL. Only "-" joins words, as in DNS. */
export const WORKLOAD_NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
