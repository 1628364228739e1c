/** Stands for Node's own, which reads the rules of all languages when one is made: this one reads them when there is something to segment. */
export class LateSegmenter {
  #own: Intl.Segmenter | undefined

  segment(text: string): Intl.Segments {
    this.#own ??= new Intl.Segmenter()
    return this.#own.segment(text)
  }
}
