"""Who sets limits: fixed ones and schedules, the field's autoscalers, the best in hindsight and by foresight."""
