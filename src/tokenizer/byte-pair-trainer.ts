/**
 * @file Trains byte pairs, in a process of its own: the library draws its progress on the terminal, and does not let go of the
 * thread. Arguments: the text, and where the library's tokenizer is to be saved.
 */
import { BPE, byteLevelPreTokenizer, Tokenizer } from 'tokenizers';

const [, , text, saved] = process.argv as [string, string, string, string];
const tokenizer = new Tokenizer(BPE.empty());
tokenizer.setPreTokenizer(byteLevelPreTokenizer(false));
tokenizer.train([text]);
tokenizer.save(saved);
