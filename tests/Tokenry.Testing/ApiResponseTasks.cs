namespace Tokenry.Testing;

/// <summary>Lets a test say call and expectation in one breath: <c>await api.GetAsync("/v1/me").Expect(200)</c>.</summary>
public static class ApiResponseTasks
{
    public static async Task<ApiResponse> Expect(this Task<ApiResponse> response, int status) => (await response).Expect(status);

    public static async Task<ApiResponse> Expect(this Task<ApiResponse> response, int status, string code) =>
        (await response).Expect(status, code);
}
