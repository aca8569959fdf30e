#include "edge_features.h"

#include <string.h>

static const char *const names[] = {
#define X(id, name) [US_FEATURE_##id] = #name,
    US_FEATURES(X)
    US_TREE_FEATURES(X)
#undef X
};

const char *us_feature_name(enum us_feature feature)
{
    return names[feature];
}

enum us_feature us_feature_named(const char *name, size_t length)
{
    int i = 0;
    while (i < US_FEATURES_TREES &&
           (strlen(names[i]) != length || memcmp(names[i], name, length) != 0))
        i++;
    return (enum us_feature)i;
}
