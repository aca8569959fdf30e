/*
 * odds.h - probabilities and their log odds (natural logarithms).
 */
#ifndef UNSPIN_ODDS_H
#define UNSPIN_ODDS_H

#include <math.h>

#define US_LN10 2.302585093f

static inline float us_clip(float value, float bound)
{
    return value > bound ? bound : value < -bound ? -bound : value;
}

static inline float us_log_odds(float p)
{
    return p < 1e-6f ? -14.0f : p > 1 - 1e-6f ? 14.0f : logf(p / (1 - p));
}

static inline float us_logistic(float sum)
{
    return 1 / (1 + expf(-sum));
}

#endif
