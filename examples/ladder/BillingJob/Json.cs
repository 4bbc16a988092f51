using System.Text.Json;

namespace BillingJob;

/// <summary>How JSON is written on this wire: snake_case.</summary>
internal static class Json
{
    public static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
}
