using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Tokenry.Protocol.Api;

namespace Tokenry.Server.Platform.Text;

/// <summary>Makes the framework write its answers with the same rules as all other JSON.</summary>
public static class Json
{
    public static void Configure(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = TokenryJson.Strict.PropertyNamingPolicy;
        options.TypeInfoResolver = JsonTypeInfoResolver.Combine(TokenryJson.Default, new DefaultJsonTypeInfoResolver());
        options.RespectNullableAnnotations = true;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.Converters.Add(new TimestampConverter());
        options.Encoder = TokenryJson.Strict.Encoder;
    }
}
