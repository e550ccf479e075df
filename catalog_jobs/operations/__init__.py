"""Operations: deployment status, run history and machine checks."""
