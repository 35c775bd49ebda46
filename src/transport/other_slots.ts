/** Says that a topic's queues are divided otherwise, and what to do about it. */
export function otherSlots(topic: string, declared: number | undefined, wanted: number): string {
  return `Cannot serve topic "${topic}": its queue plan is for 'slots' ${declared}, and the contract says ${wanted}; ` +
    "the number is fixed for the life of a contract's name: use the same, or another name";
}
