/**
 * @file Trains byte pairs in a child process: the library writes its progress to the terminal and
 * blocks the thread. Arguments: the text file, and the file for the library's tokenizer.
 */
import { BPE, byteLevelPreTokenizer, Tokenizer } from 'tokenizers';

const [, , text, saved] = process.argv as [string, string, string, string];
const tokenizer = new Tokenizer(BPE.empty());
tokenizer.setPreTokenizer(byteLevelPreTokenizer(false));
tokenizer.train([text]);
tokenizer.save(saved);
