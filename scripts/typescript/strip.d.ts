export function strip(text: string): Promise<string>
