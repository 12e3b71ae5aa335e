"""Trainers: a tokenizer, a fresh model, pre-training, fine-tuning and one-stage adaptation."""
